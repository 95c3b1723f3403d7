#!/bin/bash
# A short load: see tests/load/load.t; `make load` is the long one.
# It may end before all workers are warm: hence the slack, in percent.
LOAD_CLIENTS=50 LOAD_S=6 LOAD_SLACK=25
# shellcheck source=/dev/null
. "$(dirname "$0")/../load/load.t"
