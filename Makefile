# Postseal: one non-recursive makefile.  `make help` lists the targets.
B		?= build
SAN		?=
V		?= @
PREFIX		?= /usr
SYSCONFDIR	?= /etc
DESTDIR		?=

# Targets cannot have blanks; that of the clone's path does no harm.
ifneq ($(words $(B)),1)
$(error B=$(B): only a path without blanks, please)
endif

CC		?= cc
PKGS		= json-c libcrypto libssl
# Nothing to say before pkg-config and libssl-dev are there: `make run` brings
# them, and comes here again.
ifneq ($(filter-out clean help run deb format-check check-deb,$(or $(MAKECMDGOALS),all)),)
OPENSSL_HAS	:= $(shell pkg-config --modversion libcrypto 2>/dev/null)
ifneq ($(filter 0.% 1.%,$(OPENSSL_HAS)),)
$(error Postseal needs OpenSSL 3.0 or later (Debian 12, Ubuntu 22.04), and \
	this system has $(OPENSSL_HAS))
endif
endif
PKG_CFLAGS	:= $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
ROOMS		= http auth view api screen page
CPPFLAGS	+= -D_GNU_SOURCE -Iinclude $(ROOMS:%=-Icgi/%) -Icgi $(PKG_CFLAGS)
CSTD		= -std=c11
WARN		= -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
		  -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
		  -Wformat=2 -Wvla -Wno-unused-parameter
ifeq ($(CI),true)
WARN		+= -Werror
endif
HARDEN		= -fPIE -fstack-protector-strong -fstack-clash-protection
ifeq ($(SAN),)
HARDEN		+= -D_FORTIFY_SOURCE=2
OPT		?= -O2 -g
else
OPT		?= -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN)
LDSAN		= -fsanitize=$(SAN)
endif
CFLAGS		+= $(CSTD) $(WARN) $(OPT) $(HARDEN)
LDFLAGS		+= -pie -Wl,-z,relro,-z,now $(LDSAN)

LIB_BASE	= -ljson-c -lcrypto
LIB_PKI		= -lssl -lcrypto -lunistring

# Layers: each directory is one archive; arrows go down only.
LAYERS		= base setting pki probe postfix apply cluster daemon store report ctl sync
layer_src	= $(filter-out %/main.c,$(wildcard src/$(1)/*.c cgi/$(1)/*.c))
lib		= $(1:%=$(B)/lib%.a)

# What a layer's programs and tests link, in the linker's order.
NEEDS_base	= base
NEEDS_setting	= setting base
NEEDS_pki	= pki setting base
NEEDS_probe	= probe setting base
NEEDS_postfix	= postfix probe setting base
NEEDS_apply	= apply postfix probe pki setting base
NEEDS_cluster	= cluster $(NEEDS_apply)
NEEDS_daemon	= daemon $(NEEDS_cluster)
NEEDS_store	= store setting base
NEEDS_report	= report base
NEEDS_ctl	= ctl report store setting base
NEEDS_sync	= sync base
NEEDS_cgi	= frame page screen api view auth http store setting base
libs		= $(call lib,$(NEEDS_$(1)))

PROGRAMS	= $(B)/postseald $(B)/postseal.fcgi $(B)/postsealctl $(B)/postseal-sync \
		  $(B)/postseal-logs $(B)/postseal-pam

all: $(PROGRAMS) $(B)/postsealctl.bash

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(V)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

VERSION		:= $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
$(B)/src/base/version.o: CPPFLAGS += -DPOSTSEAL_VERSION='"$(VERSION)"'
$(B)/src/base/version.o: debian/changelog

define archive
$(B)/lib$(1).a: $(patsubst %.c,$(B)/%.o,$(2))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(V)ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS) $(ROOMS),$(eval $(call archive,$(l),$(call layer_src,$(l)))))
$(eval $(call archive,frame,$(filter-out cgi/main.c,$(wildcard cgi/*.c))))

LINK		= @echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/postseald: $(B)/src/daemon/main.o $(call libs,daemon)
	$(LINK) $(LIB_PKI) $(LIB_BASE) -linih -lseccomp -lsystemd
$(B)/postsealctl: $(B)/src/ctl/main.o $(call libs,ctl)
	$(LINK) $(LIB_BASE) -lsqlite3 -lcrypt -lzxcvbn -linih -lseccomp -lz
$(B)/postsealctl.bash: $(B)/postsealctl
	$(V)$< completion >$@
$(B)/postseal.fcgi: $(B)/cgi/main.o $(call libs,cgi)
	$(LINK) -lfcgi $(LIB_BASE) -lsqlite3 -lcrypt -lzxcvbn -linih -lqrencode -lseccomp
$(B)/postseal-sync: $(B)/src/sync/main.o $(call libs,sync)
	$(LINK) -lcurl $(LIB_BASE) -linih -lseccomp
$(B)/postseal-logs: $(B)/src/report/main.o $(call libs,report)
	$(LINK) $(LIB_BASE) -lsqlite3 -linih -lseccomp -lsystemd -lz

$(B)/postseal-pam: $(B)/src/pam/main.o
	$(LINK) -lpam

# Unit tests: tests/unit/LAYER/test_*.c, one program each, linked against
# that layer and those below it.
UNIT_LIBS	= -lssl -lcrypto -lunistring -ljson-c -lsqlite3 -lcrypt -lzxcvbn -linih -lqrencode -lseccomp -lfcgi -lcurl -lsystemd -lz $(shell pkg-config --libs check 2>/dev/null)
UNIT_LAYERS	= $(filter-out probe,$(LAYERS)) cgi

define unit
UNIT_BIN_$(1)	:= $$(patsubst tests/unit/$(1)/%.c,$$(B)/unit/$(1)/%,$$(wildcard tests/unit/$(1)/test_*.c))
$$(B)/unit/$(1)/%: $$(B)/tests/unit/$(1)/%.o $$(call libs,$(1))
	@mkdir -p $$(@D)
	$$(LINK) $$(UNIT_LIBS)
unit-$(1): $$(UNIT_BIN_$(1):%=%.run)
UNIT_BIN	+= $$(UNIT_BIN_$(1))
endef
$(foreach l,$(UNIT_LAYERS),$(eval $(call unit,$(l))))
# It counts their calls.
$(B)/unit/daemon/test_save: LDFLAGS += -Wl,--wrap=keystore_inspect,--wrap=settings_from_json
# They answer for etcd and postseald.
$(B)/unit/sync/test_tidy: LDFLAGS += -Wl,--wrap=console_seal,--wrap=etcd_range,--wrap=etcd_put
$(B)/unit/cluster/test_reads: LDFLAGS += -Wl,--wrap=cluster_seen
$(B)/unit/%.run: $(B)/unit/% unit-always
	@$<
unit-always:
.SECONDARY:

# What takes longest begins first, so that nothing is waited for at the end.
UNIT_LONG	= kill fault hangs history rollback recover leave hand_edits
check-unit: $(UNIT_LONG:%=$(B)/unit/apply/test_%.run) \
	$(addprefix unit-,$(UNIT_LAYERS))

# One command: install, build, run.  Needs no compiler to begin with.
STATE		?= ./run
HTTPS_PORT	?= 8443
HTTPS_LISTEN	?= 127.0.0.1
SMTP_PORT	?= 10025
SCANNERS	?= 0
run: export B := $(B)
run: export STATE := $(STATE)
run: export HTTPS_PORT := $(HTTPS_PORT)
run: export HTTPS_LISTEN := $(HTTPS_LISTEN)
run: export SMTP_PORT := $(SMTP_PORT)
run: export SCANNERS := $(SCANNERS)
run:
	@exec deploy/run

# Fuzzers: the same source with libFuzzer (make fuzz) and with a small main
# that replays the corpus (make check).
FUZZ_SRC	= $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAY	= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
FUZZ_TIME	?= 60
FUZZ_LIBS	= $(call lib,daemon cluster apply postfix probe pki ctl report $(NEEDS_cgi))
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(LINK) $(UNIT_LIBS)
fuzz-objects: $(FUZZ_SRC:%.c=$(B)/%.o) $(FUZZ_LIBS)
fuzz:
	@deploy/install-packages build fuzz
	@FUZZ_TIME='$(FUZZ_TIME)' LIBS='$(UNIT_LIBS)' tests/lib/fuzz

# Tests.  `make check` installs what they need.
check:
	@B='$(B)' tests/lib/check
check-func: all redteam-bins
	@B='$(B)' tests/lib/check func
# Every set-up of tests/data/lived-in; check-func has a sample.
check-lived-in: all
	@B='$(B)' tests/lib/check lived_in
# Part that was taken over x what it tried for.
redteam-table: all redteam-bins
	@B='$(B)' tests/lib/redteam-table
check-browser: all
	@B='$(B)' tests/lib/check browser
# docs/img: pictures of a run, and every state of every page on one sheet.
pictures: all
	@deploy/install-packages build run check browser
	@cd tests/browser && npm ci --no-audit --no-fund --loglevel=error
	@B='$(B)' SKIP_INSTALL=1 SKIP_BUILD=1 node tests/browser/pictures.mjs
	@B='$(B)' node tests/browser/contact-sheet.mjs
check-asan:
	@tests/lib/check asan
check-valgrind: $(UNIT_BIN)
	@B='$(B)' tests/lib/check valgrind
# docs/install.md on a gateway of its own with systemd as PID 1.
check-systemd:
	@deploy/install-packages check systemd
	@bash tests/systemd/systemd.t
# Apache and lighttpd, with the files that we ship for them.
check-fronts: all redteam-bins
	@deploy/install-packages check fronts
	@bash tests/fronts/fronts.t
# The two commands on a machine that has nothing, of this or another release.
check-clean:
	@RELEASE='$(RELEASE)' tests/lib/clean
# The package of Debian 12 and 13: built twice, lintian, in, out, purged.
check-deb:
	@for r in $(or $(RELEASE),bookworm trixie); do \
	    RELEASE=$$r PARTS=deb tests/lib/clean || exit 1; done
check-release:
	@RELEASE='$(or $(RELEASE),trixie)' tests/lib/clean
check-layers: all
	@B='$(B)' tests/lib/check-layers \
	    $(foreach p,daemon ctl sync report cgi,'$(NEEDS_$(p))')
check-corpus: $(FUZZ_REPLAY)
	@for t in $^; do $$t tests/fuzz/corpus/$${t##*/fuzz_} || exit 1; done
# Do the tests notice?  Every mutant that somebody chose, and MUTANTS=200 (or
# all) of those that a generator makes.  MUTANTS_OF="idle port": only these.
MUTANTS		?= 200
check-mutants: $(UNIT_BIN)
	@B='$(B)' tests/mutants/run $(MUTANTS_OF)
	@[ '$(MUTANTS_OF)' ] || B='$(B)' MUTANTS='$(MUTANTS)' tests/mutants/sweep
unit-bins: $(UNIT_BIN) $(FUZZ_REPLAY) redteam-bins
redteam-bins: $(B)/redteam/takeover $(B)/redteam/insider $(B)/redteam/jailed \
    $(B)/redteam/without $(B)/load/load

# Style.  Headers are laid out by hand: columns of a contract.
C_FILES		= $(wildcard cgi/*.[ch] cgi/*/*.[ch] src/*/*.[ch] include/*.h \
		  tests/unit/*/*.[ch] tests/fuzz/*.[ch] tests/bench/*.[ch] \
		  tests/redteam/*.[ch] tests/load/*.[ch])
lint:
	@deploy/install-packages build lint
	@CPPFLAGS='$(CPPFLAGS)' tests/lib/lint $(filter src/%.c cgi/%.c,$(C_FILES))
format-check:
	@deploy/install-packages lint
	@clang-format --dry-run -Werror $(filter %.c,$(C_FILES))
	@echo "format: $(words $(filter %.c,$(C_FILES))) files"

# Attackers and load: programs of tests/func/92-takeover.t to 94-sandbox.t and
# of `make load`.
$(B)/redteam/takeover: $(B)/tests/redteam/takeover.o $(B)/tests/redteam/wire.o \
    $(B)/tests/redteam/values.o $(call libs,daemon)
	@mkdir -p $(@D)
	$(LINK) $(LIB_PKI) $(LIB_BASE) -linih -lseccomp -lsystemd

$(B)/redteam/insider: $(B)/cgi/main.o $(B)/tests/redteam/insider.o \
    $(B)/tests/redteam/attempts.o $(call libs,cgi)
	@mkdir -p $(@D)
	$(LINK) -lfcgi $(LIB_BASE) -lsqlite3 -lcrypt -lzxcvbn -linih -lqrencode -lseccomp
$(B)/redteam/jailed: $(B)/tests/redteam/jailed.o $(B)/tests/redteam/attempts.o \
    $(call libs,pki)
	@mkdir -p $(@D)
	$(LINK) $(LIB_PKI) $(LIB_BASE) -lseccomp

$(B)/load/load: $(B)/tests/load/load.o
	@mkdir -p $(@D)
	$(LINK) -lssl -lcrypto -lpthread
load-bins: $(B)/load/load
load: all load-bins
	@deploy/install-packages build run check
	@SKIP_INSTALL=1 SKIP_BUILD=1 B='$(B)' bash tests/load/load.t

$(B)/redteam/without: $(B)/tests/redteam/without.o
	@mkdir -p $(@D)
	$(LINK) -lseccomp

$(B)/bench/standin: $(B)/tests/bench/standin.o $(call libs,pki)
	@mkdir -p $(@D)
	$(LINK) $(LIB_PKI) $(LIB_BASE) -lseccomp

# Hours' worth of bad luck: 500 random kills, every way a child can fail, a
# minute of racing writers.
SOAK_KILLS	?= 500
SOAK_RACE_S	?= 60
soak: $(B)/unit/apply/test_kill $(B)/unit/apply/test_fault \
    $(B)/unit/apply/test_race
	@export CK_TIMEOUT_MULTIPLIER=20 POSTSEAL_KILLS=$(SOAK_KILLS) \
	    POSTSEAL_FAULTS=all POSTSEAL_RACE_S=$(SOAK_RACE_S); \
	for t in $^; do $$t || exit 1; done

$(B)/bench/bench_pki: $(B)/tests/bench/bench_pki.o $(call libs,pki)
	@mkdir -p $(@D)
	$(LINK) $(LIB_PKI) $(LIB_BASE) -lseccomp
bench: all $(B)/bench/standin $(B)/bench/bench_pki
	@deploy/install-packages build run bench check cluster
	@B='$(B)' tests/bench/bench
	@B='$(B)' tests/bench/names
	@B='$(B)' tests/bench/cluster
	@B='$(B)' tests/bench/report

LIBEXECDIR	?= $(PREFIX)/libexec/postseal
SBINDIR		?= $(PREFIX)/sbin
DATADIR		?= $(PREFIX)/share/postseal
MANDIR		?= $(PREFIX)/share/man
DOCDIR		?= $(PREFIX)/share/doc/postseal
UNITDIR		?= $(PREFIX)/lib/systemd/system
PUT		= B='$(B)' DESTDIR='$(DESTDIR)' SYSCONFDIR='$(SYSCONFDIR)' \
		  PREFIX='$(PREFIX)' SBINDIR='$(SBINDIR)' \
		  LIBEXECDIR='$(LIBEXECDIR)' DATADIR='$(DATADIR)' \
		  MANDIR='$(MANDIR)' DOCDIR='$(DOCDIR)' \
		  UNITDIR='$(UNITDIR)' deploy/install
install: all
	@[ -n '$(DESTDIR)' ] || ! command -v apt-get >/dev/null || \
	    deploy/install-packages runtime
	@$(PUT)
uninstall:
	@$(PUT) remove

# For the release that this runs on.
deb:
	@deploy/install-packages build deb
	@B='$(B)' deploy/deb

docs:
	@docs/generate

help:
	@sed 's/^/  /' docs/make.txt

clean:
	rm -rf $(B) build-asan build-fuzz tests/browser/node_modules

.PHONY: all run pictures redteam-table unit-always redteam-bins check check-unit check-func \
	check-browser check-lived-in check-asan check-systemd soak \
	check-valgrind check-fronts check-clean check-deb check-release check-layers check-corpus check-mutants \
	unit-bins fuzz fuzz-objects lint \
	format-check bench deb docs install uninstall help clean $(addprefix unit-,$(UNIT_LAYERS))
-include $(shell find $(B) -name '*.d' 2>/dev/null)
