"""Where the boxes of a job graph lie."""

from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model.drawing import HEIGHT, WIDTH, draw


@st.composite
def graphs(make):
    count = make(st.integers(1, 12))
    names = [f"job{number}" for number in range(count)]
    return {
        name: make(st.lists(st.sampled_from(names[:number]), unique=True)) if number else []
        for number, name in enumerate(names)
    }


@given(graphs())
def test_boxes_never_overlap_and_lie_inside(needs):
    drawing = draw(needs)
    places = [(box.x, box.y) for box in drawing.boxes]
    assert {box.job for box in drawing.boxes} == set(needs)
    for number, (x, y) in enumerate(places):
        assert 0 <= x <= drawing.width - WIDTH
        assert 0 <= y <= drawing.height - HEIGHT
        for other_x, other_y in places[:number]:
            assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT


@given(graphs())
def test_each_job_lies_to_the_right_of_all_it_needs(needs):
    drawing = draw(needs)
    across = {box.job: box.x for box in drawing.boxes}
    assert all(across[need] < across[job] for job, wanted in needs.items() for need in wanted)
    assert len(drawing.lines) == sum(map(len, needs.values()))


def test_no_jobs_make_an_empty_drawing():
    assert draw({}).boxes == ()
