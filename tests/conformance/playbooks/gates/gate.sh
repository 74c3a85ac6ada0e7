#!/bin/sh
# Says that it is reached, and waits until it is opened.
: >"$SCRATCH/reached.$1"
until [ -e "$SCRATCH/open" ]; do sleep 0.05; done
