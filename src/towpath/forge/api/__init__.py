"""What programs speak with.

git          smart HTTP: fetch and push with the git program
hooks        what the pre-receive hook asks
rest         repositories, branches and commits in the GitHub dialect
pulls        merge requests in the GitHub dialect
dialect      our records in the shapes that GitHub documents
"""
