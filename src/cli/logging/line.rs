//! A line of the log as text: the time, the level, what is said, and of which request.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// The message comes before the fields of the request, which are the same in all its lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextLine;

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write_time(&mut writer)?;
        write_level(&mut writer, *event.metadata().level())?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>().filter(|it| !it.is_empty())
            {
                write!(writer, " {fields}")?;
            }
        }
        writer.write_char('\n')
    }
}

fn write_time(writer: &mut Writer<'_>) -> fmt::Result {
    let is_coloured = writer.has_ansi_escapes();
    if is_coloured {
        writer.write_str("\x1b[2m")?;
    }
    SystemTime.format_time(writer)?;
    writer.write_str(if is_coloured { "\x1b[0m " } else { " " })
}

/// The level in five characters, so that messages are aligned.
fn write_level(writer: &mut Writer<'_>, level: Level) -> fmt::Result {
    if !writer.has_ansi_escapes() {
        return write!(writer, "{:>5} ", level.as_str());
    }
    let colour = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        _ => 35,
    };
    write!(writer, "\x1b[{colour}m{:>5}\x1b[0m ", level.as_str())
}

#[cfg(test)]
mod tests;
