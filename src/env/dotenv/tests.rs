use super::*;
use proptest::prelude::*;

fn values(text: &str) -> Vec<(String, String)> {
    parse(text).into_iter().map(|it| (it.name, it.value)).collect()
}

/// The right-hand sides are what dotenv 16.6.1 itself answered.
#[test]
fn reads_what_dotenv_reads() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("SESSION_EXPIRY=1000 * 60 * 15", &[("SESSION_EXPIRY", "1000 * 60 * 15")]),
        ("REFRESH=(1000 * 60 * 60 * 24) * 7  ", &[("REFRESH", "(1000 * 60 * 60 * 24) * 7")]),
        ("A=pa#ss", &[("A", "pa")]),
        ("A=pass # word", &[("A", "pass")]),
        ("A='pa#ss' # comment", &[("A", "pa#ss")]),
        ("A=\"one\\ntwo\\rthree\"", &[("A", "one\ntwo\rthree")]),
        ("A='one\\ntwo'", &[("A", "one\\ntwo")]),
        ("A=`it's \"so\"`", &[("A", "it's \"so\"")]),
        ("A=\"first\nsecond\"\nB=2", &[("A", "first\nsecond"), ("B", "2")]),
        ("export A = 1\nexport=2\nexport\tB=3", &[("A", "1"), ("export", "2"), ("B", "3")]),
        ("A: 1\nB:2\nC:\nD=4", &[("A", "1"), ("C", "D=4")]),
        ("\u{feff}A=1\r\nB=2\rC=3", &[("A", "1"), ("B", "2"), ("C", "3")]),
        ("A=1\nA=2", &[("A", "1"), ("A", "2")]),
        ("A=\n# no\nB=\n'next'\n", &[("A", ""), ("B", "next")]),
        ("A='a' b 'c'", &[("A", "a' b 'c")]),
        ("A=\"open\nB=2", &[("A", "\"open"), ("B", "2")]),
        ("A=\"a\\\"b\" # c", &[("A", "a\\\"b")]),
        ("A=\"a\\\" # c", &[("A", "a\\")]),
        ("A='", &[("A", "'")]),
        ("A=${B}\nB=$A", &[("A", "${B}"), ("B", "$A")]),
        ("NO SENSE=1\n=2\n#A=3\nB.c-d=4", &[("B.c-d", "4")]),
        ("A\n=1", &[("A", "1")]),
    ];
    for (text, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn tells_the_line_and_a_cut_value() {
    let found = parse("# head\nA=\"x\ny\"\n\nB=pa#ss\nC=pa #ss\nD=#0b6a5a\nE= # none");
    let told: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.line, it.cut)).collect();
    assert_eq!(told, [("A", 2, false), ("B", 5, true), ("C", 6, false), ("D", 7, true), ("E", 8, false)]);
}

#[test]
fn tells_the_lines_that_set_nothing() {
    let text = "\n# head\nFIRST\n\nA=1\nNO SENSE=1\nB=\"x\ny\"\n  # C\nD:2\n=3\nE\n=4\n POSTERN_URL x";
    let told = read(text).passed_over.into_iter().map(|it| (it.line, it.is_ours)).collect::<Vec<_>>();
    assert_eq!(told, [(3, false), (6, false), (10, false), (11, false), (14, true)]);
}

proptest! {
    #[test]
    fn never_panics(text in "(?s)([ A-Za-z_=:#'\"`\\\\\n\r\t\u{feff}\u{2028}é-]|export ){0,60}") {
        for found in parse(&text) {
            prop_assert!(!found.name.is_empty() && found.line >= 1);
        }
    }

    #[test]
    fn a_quoted_value_reads_back(value in "[ -&(-~\n]{0,40}", quote in "['`]") {
        prop_assume!(!value.contains(&quote) && !value.ends_with('\\'));
        prop_assert_eq!(values(&format!("A={quote}{value}{quote}\nB=1")), [("A".into(), value), ("B".into(), "1".into())]);
    }
}
