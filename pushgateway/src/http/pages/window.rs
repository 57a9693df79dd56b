//! One page of a long list: which part it shows, and the links to the others. Pure.

/// The part of a list that is on one page.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Window {
    /// How many of the list come before.
    pub(super) start: usize,
    /// Up to which of the list it goes.
    pub(super) end: usize,
    /// How long the list is.
    pub(super) total: usize,
    /// The page, from 1.
    pub(super) page: usize,
    /// How many pages there are, at least one.
    pub(super) pages: usize,
}

impl Window {
    /// The page that is asked for of a list of `total`, with `size` on a page; past the end it is the last.
    pub(super) fn of(total: usize, size: usize, asked: usize) -> Self {
        let pages = total.div_ceil(size).max(1);
        let page = asked.clamp(1, pages);
        let start = (page - 1) * size;
        Self {
            start,
            end: (start + size).min(total),
            total,
            page,
            pages,
        }
    }

    /// How many are on the page.
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }
}

/// The links from one page of a list to the others.
pub(super) struct Pager {
    pub(super) page: usize,
    pub(super) pages: usize,
    /// The first page and the previous one; `None` on the first.
    pub(super) back: Option<[String; 2]>,
    /// The next page and the last one; `None` on the last.
    pub(super) forth: Option<[String; 2]>,
}

impl Pager {
    /// `link` gives the address of a page, without what stands before all paths.
    pub(super) fn new(window: &Window, link: impl Fn(usize) -> String) -> Self {
        let (page, pages) = (window.page, window.pages);
        Self {
            page,
            pages,
            back: (page > 1).then(|| [link(1), link(page - 1)]),
            forth: (page < pages).then(|| [link(page + 1), link(pages)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_the_list_once() {
        for total in [0, 1, 99, 100, 101, 250] {
            let last = Window::of(total, 100, usize::MAX);
            let mut covered = 0;
            for page in 1..=last.pages {
                let window = Window::of(total, 100, page);
                assert_eq!((window.start, window.page), (covered, page));
                covered = window.end;
            }
            assert_eq!(covered, total);
            assert_eq!(Window::of(total, 100, 0), Window::of(total, 100, 1));
            assert_eq!(last, Window::of(total, 100, last.pages));
        }
    }
}
