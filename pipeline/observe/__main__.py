"""`python -m pipeline.observe`: writes docs/metrics.md."""

from pipeline.observe.page import PAGE, page

PAGE.write_text(page())
