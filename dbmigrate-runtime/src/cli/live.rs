//! The line that says how far a long run has come: rewritten in place on a terminal while it lasts, and gone before
//! anything else is said.
//!
//! A thread of its own rewrites it, so that time passes on it during one long statement as well. It uses no escape
//! codes, which not every terminal understands, but the two of [`NO_WRAP`].

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::human::plain;
use crate::{Backend, Migrator, Progress};

/// Runs that are over before this say nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is rewritten.
const TICK: Duration = Duration::from_millis(200);
/// As many letters fit on a line of most terminals, and none into the next.
const WIDTH: usize = 79;

/// What stands around a line so that on a narrow terminal it ends at the edge: what runs into a second line can't be
/// written over. Every terminal of a Unix understands it; a console of Windows only when it is told to.
const NO_WRAP: [&str; 2] = if cfg!(unix) { ["\x1b[?7l", "\x1b[?7h"] } else { ["", ""] };

/// The line of a run. It goes when this is dropped.
pub struct Live {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Live {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Live").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    activity: Option<Activity>,
    has_ended: bool,
}

/// What is being done.
struct Activity {
    verb: &'static str,
    what: String,
    since: Instant,
}

impl Live {
    /// Begins. Where no thread can be had there is no line.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self::patient(out, PATIENCE)
    }

    fn patient(out: Box<dyn Write + Send>, patience: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().spawn(move || theirs.show(Line { out, width: 0 }, patience));
        Self { shared, thread: thread.ok() }
    }

    /// Says what is being done from now on.
    pub fn say(&self, verb: &'static str, what: &str) {
        self.say_since(verb, what, Instant::now());
    }

    /// Says what is being done, and since when.
    pub fn say_since(&self, verb: &'static str, what: &str, since: Instant) {
        self.shared.lock().activity = Some(Activity { verb, what: plain(what), since });
    }

    /// Lets it follow what a migrator does, with this word for it. The migrator's own call is made as well.
    pub(super) fn follow<'a, B: Backend>(&self, mut migrator: Migrator<'a, B>, verb: &'static str) -> Migrator<'a, B> {
        let own = migrator.hooks.on_progress.take();
        let shared = Arc::clone(&self.shared);
        migrator.on_progress(move |progress| {
            if let Some(own) = &own {
                own(progress);
            }
            shared.lock().activity = Activity::of(verb, progress);
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.lock().has_ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by its hook.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A thread that panicked leaves nothing half-done here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rewrites the line until the end.
    fn show(&self, mut line: Line, patience: Duration) {
        let start = Instant::now();
        let mut state = self.lock();
        while !state.has_ended {
            if let Some(activity) = state.activity.as_ref().filter(|_| start.elapsed() >= patience) {
                let text = text(activity.verb, &activity.what, activity.since.elapsed());
                drop(state);
                line.write(&text);
                state = self.lock();
            }
            if !state.has_ended {
                state = self.ended.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        drop(state);
        line.clear();
    }
}

impl Activity {
    fn of(verb: &'static str, progress: &Progress<'_>) -> Option<Self> {
        let Progress { name, step, of, elapsed, .. } = *progress;
        let since = Instant::now().checked_sub(elapsed)?;
        Some(Self { verb, what: format!("{}: statement {step} of {of}", plain(name)), since })
    }
}

/// `    Applying 003_backfill: statement 2 of 7, 12 s`
fn text(verb: &str, what: &str, elapsed: Duration) -> String {
    let time = match elapsed.as_secs() {
        seconds @ ..60 => format!(", {seconds} s"),
        seconds => format!(", {} min {} s", seconds / 60, seconds % 60),
    };
    let start = format!("{verb:>12} {what}");
    let room = WIDTH.saturating_sub(time.len());
    match start.char_indices().nth(room) {
        // How long it takes is never cut.
        Some(_) => start.chars().take(room.saturating_sub(1)).chain(['…']).collect::<String>() + &time,
        None => start + &time,
    }
}

/// A line of a terminal that is written over. There is nobody to tell when that fails.
struct Line {
    out: Box<dyn Write + Send>,
    /// How many letters stand there.
    width: usize,
}

impl Line {
    fn write(&mut self, text: &str) {
        let before = self.width;
        self.width = text.chars().count();
        self.over(&format!("{text:before$}"), "");
    }

    fn clear(&mut self) {
        if self.width > 0 {
            self.over(&" ".repeat(self.width), "\r");
            self.width = 0;
        }
    }

    /// In one go, so that a kill does not come between the two codes.
    fn over(&mut self, text: &str, end: &str) {
        let [stop, wrap] = NO_WRAP;
        let _ = self.out.write_all(format!("\r{stop}{text}{wrap}{end}").as_bytes()).and_then(|()| self.out.flush());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;
    use std::sync::mpsc::{self, Sender};

    use super::*;
    use crate::Direction;
    use crate::cli::fixture::{Connection, Rusqlite, set};

    #[test]
    fn it_says_what_and_for_how_long() {
        let check = |seconds, expect: &str| {
            assert_eq!(text("Applying", "003_backfill: statement 2 of 7", Duration::from_secs(seconds)), expect);
        };
        check(0, "    Applying 003_backfill: statement 2 of 7, 0 s");
        check(59, "    Applying 003_backfill: statement 2 of 7, 59 s");
        check(125, "    Applying 003_backfill: statement 2 of 7, 2 min 5 s");
    }

    #[test]
    fn a_long_one_is_cut_and_control_characters_are_shown() {
        let long = text("Applying", &"ä".repeat(200), Duration::from_secs(9));
        assert_eq!(long.chars().count(), WIDTH);
        assert!(long.ends_with("ää…, 9 s"), "{long}");
        let fits = "x".repeat(WIDTH - 13 - 5);
        assert_eq!(text("Applying", &fits, Duration::ZERO), format!("    Applying {fits}, 0 s"));
        let progress =
            Progress { name: "1_\u{1b}[2J", direction: Direction::Up, step: 1, of: 2, elapsed: Duration::ZERO };
        assert_eq!(Activity::of("Applying", &progress).unwrap().what, "1_\\u{1b}[2J: statement 1 of 2");
    }

    /// Passes on what is written.
    struct Pipe(Sender<String>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_shorter_line_covers_a_longer_one_and_nothing_stays() {
        let (sender, written) = mpsc::channel();
        let mut line = Line { out: Box::new(Pipe(sender)), width: 0 };
        line.clear();
        line.write("four");
        line.write("2");
        line.write("four");
        line.clear();
        drop(line);
        let [stop, wrap] = NO_WRAP;
        let lines = ["four", "2   ", "four", "    "].map(|text| format!("\r{stop}{text}{wrap}"));
        assert_eq!(written.iter().collect::<String>(), lines.concat() + "\r");
    }

    #[test]
    fn it_follows_a_run_beside_the_calls_of_the_program() {
        let (sender, written) = mpsc::channel();
        let live = Live::patient(Box::new(Pipe(sender)), Duration::ZERO);
        let calls = Cell::new(0);
        let set = set(&[("001_a", "CREATE TABLE a (x)", None, None), ("002_b", "CREATE TABLE b (x)", None, None)]);
        let migrator = Migrator::<Rusqlite>::new(set).on_progress(|progress| {
            calls.set(calls.get() + 1);
            if progress.name == "002_b" {
                // The line goes on while a statement runs: this one waits until the line shows the one before.
                let shown = std::iter::from_fn(|| written.recv().ok()).scan(String::new(), |all, part| {
                    all.push_str(&part);
                    Some(all.clone())
                });
                assert!(shown.into_iter().any(|all| all.contains("    Applying 001_a: statement 1 of 1, ")));
            }
        });
        live.follow(migrator, "Applying").up(&mut Connection::open_in_memory().unwrap()).unwrap();
        assert_eq!(calls.get(), 2);
        drop(live);
        let rest: String = written.iter().collect();
        assert!(rest.ends_with(&format!(" {}\r", NO_WRAP[1])), "{rest:?}");
    }

    #[test]
    fn a_short_run_says_nothing() {
        let (sender, written) = mpsc::channel();
        let live = Live::patient(Box::new(Pipe(sender)), Duration::MAX);
        live.say("Copying", "the database");
        drop(live);
        assert_eq!(written.iter().count(), 0);
    }
}
