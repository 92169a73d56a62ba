"""The actions that are built in, as programs which run inside a job's box like any other's.

They have the powers of the job and no more: its files, its token, the server through its runner.
The standard library alone, packed into one archive by programs.py and run by our own Python.

speaking   what an action is given, and what it says
serving    the services of artifacts and caches, and the storage behind them
finding    files by patterns, as the patterns of GitHub's actions mean them
packing    files into a zip and out of one that may be hostile
artifacts  upload-artifact, download-artifact
caching    cache, cache/restore, cache/save
__main__   which of them is wanted
"""
