"""What lies outside the server: log files, and the local runner as a process.

logs     one file per attempt, appended by offset, durable before it is acknowledged
process  the local runner: started, watched, stopped
"""
