//! The only way out: what commands say goes through [`Terminal`], so whole commands are tested in memory.

use std::io::{self, BufRead as _, BufWriter, IsTerminal as _, Stdout, Write};

/// Where a command writes. `cargo dbmigrate` implements it on its shell, a program's own binary writes plain text.
pub trait Terminal {
    /// A line of the answer, for stdout.
    fn data(&mut self, line: &str);
    /// Lines of the answer that are known all at once.
    fn lines(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.data(line));
    }
    /// What is happening, for people: a verb and the rest.
    fn status(&mut self, verb: &str, message: &str);
    /// Something that stops the command.
    fn error(&mut self, message: &str);
    /// Something that deserves a look.
    fn warning(&mut self, message: &str);
    /// A fact that explains.
    fn note(&mut self, message: &str);
    /// What to type next.
    fn help(&mut self, message: &str);
    /// Asks a question that is answered with yes or no; `None` when nobody is there to ask.
    fn confirm(&mut self, question: &str) -> Option<bool>;
    /// Where a line can be written over while something lasts; `None` where nobody watches.
    fn live(&mut self) -> Option<Box<dyn Write + Send>> {
        None
    }
}

/// Plain text on stdout and stderr.
///
/// A reader that went away is no failure: the work goes on and its exit code stands. Any other failure to write the
/// answer is kept for [`Plain::finish`].
pub(super) struct Plain {
    out: BufWriter<Stdout>,
    failed: Option<io::Error>,
}

impl Plain {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(io::stdout()), failed: None }
    }

    /// Writes what is buffered and tells whether stdout took everything.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.failed.map_or(Ok(()), Err)
    }

    fn flush(&mut self) {
        let result = self.out.flush();
        self.keep(result);
    }

    fn keep(&mut self, result: io::Result<()>) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.failed.get_or_insert(error);
            }
            _ => {}
        }
    }

    /// Writes to stderr, after what was said before it. There is nobody to tell when that fails.
    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        self.flush();
        let _ = io::stderr().write_fmt(text);
    }
}

impl Terminal for Plain {
    fn data(&mut self, line: &str) {
        let result = writeln!(self.out, "{line}");
        self.keep(result);
    }

    fn status(&mut self, verb: &str, message: &str) {
        self.say(format_args!("{verb:>12} {message}\n"));
    }

    fn error(&mut self, message: &str) {
        self.say(format_args!("error: {message}\n"));
    }

    fn warning(&mut self, message: &str) {
        self.say(format_args!("warning: {message}\n"));
    }

    fn note(&mut self, message: &str) {
        self.say(format_args!("note: {message}\n"));
    }

    fn help(&mut self, message: &str) {
        self.say(format_args!("help: {message}\n"));
    }

    fn confirm(&mut self, question: &str) -> Option<bool> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        self.say(format_args!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn live(&mut self) -> Option<Box<dyn Write + Send>> {
        io::stderr().is_terminal().then(|| Box::new(io::stderr()) as _)
    }
}
