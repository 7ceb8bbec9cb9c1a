# SPDX-License-Identifier: MIT
# Sphinx: see scripts/docs, which copies this directory, adds what is generated and
# runs it.
project = "A virtual AI-inference card"
copyright = "the authors of the files"
root_doc = "index"
language = "en"

extensions = []
exclude_patterns = ["generated/*"]
primary_domain = "c"
highlight_language = "none"
# "--option" and "..." are meant as they stand.
smartquotes = False

# Every reference must lead somewhere, but for types of the kernel and of C.
nitpicky = True
nitpick_ignore_regex = [
    ("c:identifier", r"__[usb]e?[0-9]+|u?int[0-9]+_t|size_t"),
]

html_theme = "alabaster"
html_theme_options = {
    "description": "QEMU device, Linux driver, library and tools",
    "fixed_sidebar": True,
    "page_width": "72em",
    "sidebar_width": "16em",
    "body_max_width": "52em",
}
html_sidebars = {"**": ["about.html", "searchbox.html", "navigation.html"]}
html_copy_source = False
html_show_sphinx = False
