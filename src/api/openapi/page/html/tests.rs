//! Tests.

use super::*;

#[test]
fn text_has_no_meaning_as_markup() {
    let mut html = Html::default();
    html.element("p", "<script>alert(\"1\" & '2')</script>");
    let expected = "<p>&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>";
    assert_eq!(html.into_text(), expected);
}

#[test]
fn backticks_enclose_code() {
    let mut html = Html::default();
    html.paragraph("`a<b` and `c`.");
    assert_eq!(html.into_text(), "<p><code>a&lt;b</code> and <code>c</code>.</p>");
}
