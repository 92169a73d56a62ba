"""What people see of a repository, page by page.

visiting      who looks at which repository
repositories  the repository page, making one, the list on the home page
requests      the merge request page and the forms on it
threads       discussions on lines of its diff
comparing     one changed file alone
files         folders and files of a commit
prose         what words and links lead to in texts
searching     files by name, and the commit behind each line
history       commits, one commit, branches
"""
