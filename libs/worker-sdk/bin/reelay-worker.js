#!/usr/bin/env node
// A file that is there before the code is compiled: npm links it when it installs.
import '../dist/bin/reelay-worker.js';
