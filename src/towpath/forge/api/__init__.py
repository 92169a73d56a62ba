"""What programs speak with.

git          smart HTTP: fetch and push with the git program; streaming: bodies both ways
hooks        what the pre-receive hook asks
people       who calls and who may do what; repositories, branches, commits, gitdata, contents,
             pulls, reviews, comments, reactions, labels, checks: GitHub's REST, one file each
manners      its errors, pages, headers; limits: how often each user may call; media: diffs, raw
dialect      our records in the shapes that GitHub documents; shapes: people and repositories
"""
