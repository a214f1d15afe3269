"""The indentation tree: which line belongs to which, what is refused, and that nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.config.tree import Node, parse, serialise
from ggi_net.errors import ConfigurationBroken

ROUTER = """\
! written by an engineer
hostname ce-almelo-01
!
router bgp 4200900001
 bgp log-neighbor-changes
 !
 address-family ipv4 vrf datanet
  neighbor 198.19.128.30 activate
 exit-address-family
!
end
"""


def outline(node):
    return [(child.text, child.number, outline(child)) for child in node.children]


def test_a_deeper_line_belongs_to_the_line_above_it_and_comments_to_nobody():
    assert outline(parse(ROUTER)) == [
        ("hostname ce-almelo-01", 2, []),
        (
            "router bgp 4200900001",
            4,
            [
                ("bgp log-neighbor-changes", 5, []),
                ("address-family ipv4 vrf datanet", 7, [("neighbor 198.19.128.30 activate", 8, [])]),
                ("exit-address-family", 9, []),
            ],
        ),
        ("end", 11, []),
    ]


def test_sections_may_be_indented_by_more_than_one_space():
    tree = parse("a\n   b\n     c\n   d\ne\n")
    assert outline(tree) == [("a", 1, [("b", 2, [("c", 3, [])]), ("d", 4, [])]), ("e", 5, [])]
    assert serialise(tree) == "a\n b\n  c\n d\ne\n"


def test_carriage_returns_and_trailing_white_space_are_no_part_of_a_line():
    assert outline(parse("interface Gi1 \r\n shutdown\t\r\n\r\n")) == [("interface Gi1", 1, [("shutdown", 2, [])])]


@pytest.mark.parametrize("delimiter", ["#", "^C", "\x03", "$"])
def test_a_banner_is_text_whatever_its_delimiter(delimiter):
    tree = parse(f"banner login {delimiter}\n Alleen voor beheerders\n! geen commentaar\n{delimiter}\nend\n")
    banner, end = tree.children
    assert (banner.text, banner.block) == ("banner login", (" Alleen voor beheerders", "! geen commentaar"))
    assert (end.text, end.number) == ("end", 5)


def test_a_banner_on_one_line_is_the_same_as_on_three():
    assert parse("banner motd #Welkom#\n").same(parse("banner motd ^C\nWelkom\n^C\n"))


def test_a_banner_that_contains_the_usual_delimiter_gets_another():
    text = "banner motd %\nkeuze #1\n%\n"
    assert serialise(parse(text)) == text


def test_a_certificate_is_text_up_to_its_quit():
    tree = parse(
        "crypto pki certificate chain GGI\n"
        " certificate ca 01\n  3082AAAA\n  BBBB\n  \tquit\n"
        " certificate 0A\n  CC\n  quit\n"
        "end\n"
    )
    chain, end = tree.children
    assert [(c.text, c.block) for c in chain.children] == [
        ("certificate ca 01", ("3082AAAA", "BBBB")),
        ("certificate 0A", ("CC",)),
    ]
    assert end.text == "end"
    assert parse(serialise(tree)).same(tree)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" shutdown\n", "r1:1: an indented line that belongs to no section"),
        ("!\na\n  b\n c\n", "r1:4: indented less than its section and more than the one around it"),
        ("\n".join(" " * i + "a" for i in range(17)), "r1:17: nested more than 16 levels deep"),
        ("a\n\tb\n", "r1:2: a tab in the indentation"),
        ("a\nbanner login #\ntext\n", "r1:2: a banner without its closing delimiter #"),
        ("crypto pki certificate chain X\n certificate 01\n  AA\n", "r1:2: a certificate without its quit"),
    ],
)
def test_text_that_leaves_its_structure_open_is_refused_with_its_line(text, message):
    with pytest.raises(ConfigurationBroken) as caught:
        parse(text, file="r1")
    assert message in str(caught.value)


def test_order_and_blocks_count_when_trees_are_compared_and_line_numbers_do_not():
    tree = parse("a\n b\n c\nbanner login #\nx\n#\n")
    assert tree.same(parse("!\na\n  b\n  c\n!\nbanner login ^C\nx\n^C\n"))
    assert not tree.same(parse("a\n c\n b\nbanner login #\nx\n#\n"))
    assert not tree.same(parse("a\n b\n c\nbanner login #\ny\n#\n"))
    assert not tree.same(parse("a\n b\nbanner login #\nx\n#\n"))


def test_children_are_found_by_their_first_words():
    tree = parse("vrf definition a\nvrf definition b\nvrfs\nvrf\n")
    assert [n.text for n in tree.starting("vrf")] == ["vrf definition a", "vrf definition b", "vrf"]


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12).filter(
    lambda word: word[0] != "!"
)
lines = st.lists(words, min_size=1, max_size=4).map(" ".join).filter(lambda line: not line.startswith("banner "))
trees = st.recursive(
    st.builds(Node, text=lines),
    lambda below: st.builds(Node, text=lines, children=st.lists(below, max_size=4)),
    max_leaves=20,
)
banners = st.builds(
    Node,
    text=st.sampled_from(["banner login", "banner motd"]),
    block=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)), max_size=4).map(tuple),
)


@given(st.lists(trees | banners, max_size=6))
def test_what_is_serialised_is_parsed_back(children):
    tree = Node("", children=children)
    assert parse(serialise(tree)).same(tree)


@given(st.text(max_size=200))
def test_any_text_is_a_tree_or_is_refused_in_words(text):
    try:
        tree = parse(text)
    except ConfigurationBroken:
        return
    assert parse(serialise(tree)).same(tree)
