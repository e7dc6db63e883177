"""Renders a table with the template engine Chameleon."""

from chameleon import PageTemplate

import query

TABLE = PageTemplate("""<table>
<tr tal:repeat="row table"><td tal:repeat="cell row" tal:content="cell" /></tr>
</table>""")
COLUMNS = 8

TABLE(table=[[0]])  # it is compiled now, not by the first request


def handle(method, path, headers, body):
    """GET /?size=N renders N rows."""
    rows = query.number(path, "size", 50, 10_000)
    page = TABLE(table=[[row * column for column in range(COLUMNS)] for row in range(rows)])
    return 200, "text/html", page.encode()
