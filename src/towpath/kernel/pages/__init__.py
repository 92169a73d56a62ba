"""HTML for people: plain pages that work without scripts and come alive with them.

rendering  render(request, "part/page.html", **context); where templates and static files are found
words      what pages say about time, sizes and states
prose      Markdown from strangers, made safe
templates  kernel/base.html (the frame), kernel/parts.html (macros every part uses)
static     the mark; built/ is filled by web/build.py and travels in the wheel
"""
