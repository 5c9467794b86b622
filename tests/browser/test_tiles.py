"""Every tile can be named, every figure has its link, its table and its scale, and tables of lines stay lined up on paper."""

import re
import shutil
import subprocess
from urllib.parse import unquote

import pytest
from checks import compact, missing, pdf_text

PAGES = ("demo", "deep", "hostile", "tiles")

PICTURES = ".film:has(.tiles):visible, img.tiles:not(.film > img):visible"
"""What is seen of the pictures of tiles: of one with several frames the window on it."""

SMALLEST = """() => [...document.querySelectorAll('img.tiles')].filter((image) => image.checkVisibility()).flatMap((image) => {
  const text = decodeURIComponent(image.src.slice(image.src.indexOf(',') + 1));
  const drawing = new DOMParser().parseFromString(text, 'image/svg+xml');
  const style = drawing.querySelector('style').textContent, wide = (image.closest('.film') ?? image).getBoundingClientRect();
  const whole = ['width', 'height'].map((name) => Number(drawing.documentElement.getAttribute(name)));
  const [width, height] = image.dataset.cells ? image.dataset.cells.split(' ').slice(7, 9).map(Number) : whole;
  // as many tiles stand in a row as the shape of the picture says, and letters are larger where it is shown smaller
  const folded = drawing.querySelector('.n'), narrow = folded && wide.width / wide.height < .99 * width / height;
  const own = narrow ? Number(folded.querySelector('rect').getAttribute('width')) : width;
  const sizes = [...style.matchAll(/max-width:(\\d+)px\\){text{font-size:(\\d+)px/g)];
  const size = Math.max(11, ...sizes.filter(([, most]) => wide.width <= Number(most)).map(([, , one]) => Number(one)));
  const seen = size * wide.width / own;
  return seen < 10.8 ? [[image.alt.slice(0, 60), seen]] : [];
})"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_letters_in_pictures_are_11_pixels_high_on_a_phone_too(look, name, width):
    page = look(name, unfolded=True, width=width).page
    assert page.evaluate(SMALLEST) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_heading_and_figure_has_its_link(look, name):
    page = look(name).page
    without = page.locator(":is(h2, h3):not(summary > *, :has(> .permalink)), figure:not(:has(.permalink), .card)")
    assert without.all_text_contents() == []


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_has_its_numbers_in_a_table_of_its_section(look, name):
    assert look(name).page.locator("section:has(figure):not(:has(table))").count() == 0


def test_a_scale_has_its_ends_and_its_middle(look):
    drawing = unquote(look("demo").page.locator("#filter_responses img.tiles").first.get_attribute("src"))
    assert re.findall(r"<text[^>]*y='29'[^>]*>([^<]*)</text>", drawing) == ["−1.00", "0", "1.00"]


LINES = """(table) => [...table.querySelectorAll('td, thead th + th')].map((cell) => {
  const node = cell.firstChild, rights = [];
  for (const line of node.data.split('\\n').map((text, row, all) => [all.slice(0, row).join('\\n').length + (row > 0), text]))
    rights.push([...line[1].matchAll(/\\S+/g)].map((match) => {
      const range = document.createRange();
      range.setStart(node, line[0] + match.index);
      range.setEnd(node, line[0] + match.index + match[0].length);
      return Math.round(range.getBoundingClientRect().right);
    }));
  return rights;
}).flat()"""


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("name", ["demo", "tiles"])
def test_the_numbers_of_a_lined_table_stand_under_one_another(look, name, media):
    page = look(name, unfolded=True).page
    page.emulate_media(media=media)
    tables = page.locator("table.lined").all()
    assert len(tables) >= 4
    for table in tables:
        lines = table.evaluate(LINES)
        longest = max(lines, key=len)
        assert len(longest) >= 6
        for line in lines:
            assert [right for right in line if min(abs(right - other) for other in longest) > 1] == []


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["demo", "deep", "tiles"])
def test_no_cell_is_cut_off_at_the_edge_of_the_paper(saved_pdfs, look, name, paper):
    if shutil.which("pdftotext") is None:
        missing("needs pdftotext: apt-get install poppler-utils")
    pdf = saved_pdfs(name, paper)
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True).stdout.decode()
    width = float(re.search(r'<page width="([\d.]+)"', boxes)[1])
    words = re.findall(r'<word xMin="[\d.-]+" yMin="[\d.-]+" xMax="([\d.]+)" yMax="[\d.]+">([^<]*)<', boxes)
    assert len(words) > 1000
    assert [word for right, word in words if float(right) > width - 36] == []
    text = compact(pdf_text(pdf))
    cells = look(name).page.locator("table.lined td").all_text_contents()
    lines = [compact(line) for cell in cells for line in cell.split("\n")]
    assert [line for line in lines if line not in text] == []


def test_without_styles_no_picture_is_wider_than_a_letter(report_paths, open_page, tmp_path):
    mail = tmp_path / "mail.html"
    document = report_paths["demo"].read_text(encoding="utf-8")
    mail.write_text(re.sub("<style>.*?</style>|<svg.*?</svg>", "", document, flags=re.DOTALL), encoding="utf-8")
    page = open_page(mail, viewport={"width": 800, "height": 600}).page
    widths = page.locator("#sample_predictions img").evaluate_all("(all) => all.map((image) => image.width)")
    assert widths == [112] * 10
    assert page.locator("img:not(.chart)").evaluate_all("(all) => Math.max(...all.map((image) => image.width))") <= 1001
    assert page.locator("h1").inner_text() == "Fashion-MNIST demo network"
    assert "44 of 100 units are dead" in page.locator("#summary").inner_text()


FOLDED = """(picture) => (picture.querySelector('img') ?? picture).dataset.cells?.split(' ')[9] > 0"""
MET = """(image) => {
  image.scrollIntoView({block: 'center'});
  const box = image.getBoundingClientRect();
  const met = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  return met === image || met === image.querySelector('img');
}"""


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["demo", "tiles"])
def test_a_click_on_a_grid_meets_its_picture_which_is_whole_at_any_width(report_paths, open_page, name, width):
    page = open_page(report_paths[name], viewport={"width": width, "height": 900}).page
    pictures = page.locator(PICTURES)
    assert pictures.count() >= 4
    for picture in pictures.all():
        assert picture.evaluate(MET)
        box = picture.bounding_box()
        assert box is not None
        aside = picture.evaluate("(image) => !!image.closest('.kernels, .overlays')")  # on a phone they go on sideways
        assert (box["x"] >= 0 and box["x"] + box["width"] <= width) or (
            aside and width == 390 and box["width"] <= width
        )
        # folded, a picture is higher than wide, and tiles keep their size
        folded = width == 390 and picture.evaluate(FOLDED)
        assert (box["height"] > box["width"]) or not folded


def test_own_contrast_is_another_picture_and_the_same_scale_the_first_one_again(report_paths, open_page):
    page = open_page(report_paths["demo"], java_script_enabled=False).page
    section = page.locator("#feature_maps")
    picture = section.locator(".film").first
    first = picture.screenshot()
    section.get_by_label("own contrast of each tile").check()
    assert picture.screenshot() != first
    section.get_by_label("same scale for the layer").check()
    assert picture.screenshot() == first


@pytest.mark.parametrize("section", ["concepts", "feature_maps"])
def test_one_sample_is_seen_at_a_time_and_any_can_be_picked_without_script(report_paths, open_page, section):
    page = open_page(report_paths["demo"], java_script_enabled=False).page
    films = page.locator(f"#{section} .film:has(.tiles)")
    assert films.count() == 2
    assert films.evaluate_all(FRAMES) == [[10, 0], [10, 0]]
    page.locator(f"#{section} .chooser input").nth(3).check()
    assert films.evaluate_all(FRAMES) == [[10, 3], [10, 3]]


FRAMES = """(films) => films.map((film) => {
  const window = film.getBoundingClientRect(), image = film.firstElementChild.getBoundingClientRect();
  return [image.height / window.height, (window.top - image.top) / window.height].map((one) => Math.round(one * 100) / 100);
})"""


def test_a_picture_of_several_frames_breaks_its_rows_where_there_is_little_room(report_paths, open_page):
    page = open_page(report_paths["demo"], viewport={"width": 390, "height": 844}, java_script_enabled=False).page
    page.locator("#feature_maps .chooser input").nth(9).check()
    film = page.locator("#feature_maps-conv2d .film")
    box = film.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(890 / 370, rel=0.01)
    assert film.evaluate_all(FRAMES) == [[10, 9]]
