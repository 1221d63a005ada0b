#!/usr/bin/env node
import "../../scripts/tokenscope.mjs";
