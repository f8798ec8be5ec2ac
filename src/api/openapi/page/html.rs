//! Text of HTML, in which everything but the markup of this program is escaped.

/// Text of HTML.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// Appends markup as it is.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Appends text that has no meaning as markup, in an element or a quoted attribute.
    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(character),
            }
        }
    }

    /// Appends a paragraph, in which backticks enclose code.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.raw("<p>");
        for (number, part) in text.split('`').enumerate() {
            if number % 2 == 1 { self.element("code", part) } else { self.text(part) }
        }
        self.raw("</p>");
    }

    /// Appends an element with this text.
    pub(super) fn element(&mut self, name: &'static str, text: &str) {
        self.begin(name);
        self.text(text);
        self.end(name);
    }

    /// Appends a table. Narrow screens scroll it, or show its cells below each other.
    pub(super) fn table<const N: usize>(
        &mut self,
        titles: [&'static str; N],
        rows: impl FnOnce(&mut Self),
    ) {
        self.raw("<div class=rows><table><thead><tr>");
        for title in titles {
            self.element("th", title);
        }
        self.raw("</tr></thead><tbody>");
        rows(self);
        self.raw("</tbody></table></div>");
    }

    /// Appends a row of a table.
    pub(super) fn row(&mut self, cells: &[&str]) {
        self.raw("<tr>");
        for cell in cells {
            self.element("td", cell);
        }
        self.raw("</tr>");
    }

    fn begin(&mut self, name: &'static str) {
        for part in ["<", name, ">"] {
            self.raw(part);
        }
    }

    fn end(&mut self, name: &'static str) {
        for part in ["</", name, ">"] {
            self.raw(part);
        }
    }
}

#[cfg(test)]
mod tests;
