//! Tables, in a region that scrolls by itself on a narrow screen. Alignment is a class, since a strict policy allows no
//! inline style.

use pulldown_cmark::Alignment;

/// Where the writer is in a table.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<Alignment>,
    column: usize,
    in_head: bool,
    /// Whether a row of the body has begun.
    has_body: bool,
}

impl Table {
    /// Opens a table with these columns.
    pub(super) fn open(&mut self, html: &mut String, columns: Vec<Alignment>) {
        self.columns = columns;
        self.has_body = false;
        html.push_str("<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>\n");
    }

    /// Opens the head's row or a row of the body.
    pub(super) fn open_row(&mut self, html: &mut String, head: bool) {
        self.in_head = head;
        self.column = 0;
        if !head && !std::mem::replace(&mut self.has_body, true) {
            html.push_str("<tbody>\n");
        }
        html.push_str(if head { "<thead><tr>" } else { "<tr>" });
    }

    /// Opens the next cell of the row.
    pub(super) fn open_cell(&mut self, html: &mut String) {
        let align = self.columns.get(self.column).copied().unwrap_or(Alignment::None);
        self.column += 1;
        html.push_str(if self.in_head { "<th" } else { "<td" });
        html.push_str(match align {
            Alignment::Right => " class=\"right\">",
            Alignment::Center => " class=\"center\">",
            Alignment::Left | Alignment::None => ">",
        });
    }

    /// Closes the open cell.
    pub(super) fn close_cell(&self, html: &mut String) {
        html.push_str(if self.in_head { "</th>" } else { "</td>" });
    }

    /// Closes the head.
    pub(super) fn close_head(html: &mut String) {
        html.push_str("</tr></thead>\n");
    }

    /// Closes the table.
    pub(super) fn close(&self, html: &mut String) {
        html.push_str(if self.has_body { "</tbody></table></div>\n" } else { "</table></div>\n" });
    }
}
