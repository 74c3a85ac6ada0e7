#!/usr/bin/python
"""Ends without a word."""

import sys

# WANT_JSON: nothing of Ansible's own is used.
sys.exit(7)
