//! Our readers, writers, numbers, names and headers beside Go's real ones, question by question.
//!
//! [`Go`] speaks to the small program in `tests/peers/expfmt`. [`dump`] prints our values in its words.
//! Bodies come from the corpus crate. Every difference we want is a row of [`differences`], with its
//! reason; a row that is no longer true fails as loudly as a difference without a row.

mod differences;
mod dump;
mod headers;
mod names;
mod numbers;
mod read;
mod write;

use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Go's answer to one question.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Answer {
    Fine(Vec<u8>),
    Error(String),
    /// The library panicked: a real program would have dropped the connection or died.
    Panic(String),
}

impl Answer {
    fn fine(self) -> Vec<u8> {
        match self {
            Self::Fine(bytes) => bytes,
            trouble => panic!("{trouble:?}"),
        }
    }

    /// The answer as one text per line.
    fn lines(self) -> Vec<String> {
        let text = String::from_utf8(self.fine()).unwrap();
        text.strip_suffix('\n')
            .unwrap_or(&text)
            .split('\n')
            .map(String::from)
            .collect()
    }
}

/// The running Go program; it ends when this goes.
struct Go {
    child: Child,
    questions: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Go {
    fn start() -> Self {
        let program = promontory_tests::peers::program("expfmt").unwrap();
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = BufWriter::new(child.stdin.take().unwrap());
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            questions,
            answers,
        }
    }

    fn ask(&mut self, mode: &str, body: &[u8]) -> Answer {
        let length = (mode.len() + 1 + body.len()) as u32;
        self.questions.write_all(&length.to_be_bytes()).unwrap();
        self.questions.write_all(mode.as_bytes()).unwrap();
        self.questions.write_all(b"\n").unwrap();
        self.questions.write_all(body).unwrap();
        self.questions.flush().unwrap();
        let mut length = [0; 4];
        self.answers
            .read_exact(&mut length)
            .expect("the Go program answers every question");
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.answers.read_exact(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer[1..]).into_owned();
        match answer[0] {
            b'k' => Answer::Fine(answer.split_off(1)),
            b'p' => Answer::Panic(text),
            _ => Answer::Error(text),
        }
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many random inputs a test tries: `EXPFMT_TIMES` times the usual number.
fn times(usual: usize) -> usize {
    let factor = std::env::var("EXPFMT_TIMES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    usual * factor
}
