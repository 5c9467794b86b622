"""How large the pages may be; how soon they are there follows, and benchmarks/page.py measures it."""

import pytest
from checks import EVERY, MOST_NODES, REPORTS, budget_faults


@pytest.mark.parametrize(("name", "most"), [("demo", 600_000), ("deep", 2_000_000), ("residual", 2_000_000)])
def test_the_page_keeps_within_its_bytes(report_paths, name, most):
    assert report_paths[name].stat().st_size <= most


@pytest.mark.parametrize("name", EVERY)
def test_a_page_has_under_3000_nodes(look, name):
    page = look(name).page
    page.locator("#report-data[href^='blob:']").wait_for()  # the script is done
    assert page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES


@pytest.mark.parametrize("name", REPORTS)
def test_style_and_script_keep_within_their_bytes(look, name):
    assert budget_faults(look(name).page) == []


@pytest.mark.parametrize("name", REPORTS)
def test_an_image_is_embedded_once(look, name):
    addresses = look(name).page.locator("img").evaluate_all("(all) => all.map((image) => image.src)")
    large = [address for address in addresses if len(address) > 5_000]
    assert len(set(large)) == len(large)
