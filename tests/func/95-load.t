#!/bin/bash
# A short load: see tests/load/load.t; `make load` is the long one.
LOAD_CLIENTS=50 LOAD_S=6
# shellcheck source=/dev/null
. "$(dirname "$0")/../load/load.t"
