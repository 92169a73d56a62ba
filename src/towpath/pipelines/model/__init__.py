"""What a workflow is and what a run does next, without any effect.

workflow     the file as frozen dataclasses; Problem is what is wrong with one
globs        GitHub's filter patterns, in linear time
triggers     which workflows an event starts
graph        order and cycles among jobs
turns        whose turn it is in a concurrency group
planning     from an event and files to runs and jobs
calling      whether a job may call another workflow as it does
handing      inputs, secrets and outputs between a job and the workflow it calls
run          suites, runs, jobs, steps, and what may happen to them
levels       who of a run's jobs knows whom
decide       decide(jobs): queue, skip, enter what is called, finish
telling      what happened, in words
contexts     what github, needs and steps mean in an expression
execution    what a runner is handed and what it answers
expressions  the language inside ${{ }}
"""
