#!/bin/bash
# Alert rules and the dashboard: they parse, and ask only for what /metrics
# has.  tests/deb/deb.t has promtool look at them.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

files=("$TOP"/deploy/prometheus/{alerts.yml,dashboard.json})
has=$(grep -ohE '"[a-z_]+"|postseal_[a-z_]+' "$TOP"/cgi/api/*metrics*.c | sed 's/^postseal_//' | tr -d '"' | sort -u)
ok "the dashboard is JSON" jq -e '.panels | length > 8' "${files[1]}"
asked=$(grep -ohE 'postseal_[a-z_]+[a-z]' "${files[@]}" | sed 's/^postseal_//' | sort -u)
is "they ask for nothing that is not there" \
    "$(comm -13 <(echo "$has") <(grep -v '^state$' <<<"$asked") | xargs)" ""
done_testing
