"""The first page: one click from it to the first lesson."""

from __future__ import annotations


def test_one_click_opens_the_first_lesson(open_notebook):
    notebook = open_notebook("notebooks/00_welcome.ipynb")
    link = notebook.page.locator(".jp-RenderedMarkdown a[href*='01_linear_layers.ipynb']").first
    link.click()
    notebook.wait_until_ready("notebooks/01_linear_layers.ipynb")
    assert notebook.outside_requests == []
    notebook.close()


def test_the_server_opens_on_the_welcome_page(lab):
    server, window = lab
    page = window.new_page()
    page.goto(server.url)
    page.wait_for_url("**/lab/tree/notebooks/00_welcome.ipynb*", timeout=30_000)
    page.close()
