#!/bin/sh
echo a script; echo wrong >&2; exit 3
