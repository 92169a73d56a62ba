"""Runs workflow files: from a push to a judged commit with a log to read.

model      workflows, triggers, expressions; decide(run) says what happens next, purely
formats    workflow files and terminal colours, from text to model, with positions
store      suites, runs, jobs and steps as rows; logs are files (clients/logs)
service    trigger, cancel, read; the wire and the pages stand on it
remote     the runner, a program apart: claims jobs by the wire, runs them in a sandbox
"""
