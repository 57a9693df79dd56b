//! Codes from counts: short ones for frequent symbols (RFC 1951, 3.2.2).

/// More symbols than this has no alphabet.
const SYMBOLS: usize = 288;

/// The code of a symbol. One that is never written has no bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    /// The code, the bit that is written first lowest.
    pub(super) bits: u16,
    /// How many bits it has.
    pub(super) count: u8,
    /// How many it has together with the extra bits of the symbol.
    pub(super) whole: u8,
}

/// The symbols of an alphabet that fulfil a condition, and how many do.
fn chosen(of: usize, condition: impl Fn(usize) -> bool) -> ([u16; SYMBOLS], usize) {
    let (mut chosen, mut count) = ([0; SYMBOLS], 0);
    for symbol in 0..of.min(SYMBOLS) {
        // Without a branch: which symbols occur is not to be foreseen.
        chosen[count.min(symbol)] = symbol as u16;
        count += usize::from(condition(symbol));
    }
    (chosen, count)
}

/// The lengths of codes in bits, by how often each symbol occurs; none is longer than `limit`, which is at most 15.
/// There are always two codes at least: not every reader takes fewer.
pub(super) fn lengths(counts: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let (symbols, used) = chosen(counts.len(), |symbol| counts[symbol] != 0);
    if used < 2 {
        let only = if used == 0 {
            0
        } else {
            usize::from(symbols[0])
        };
        lengths[only] = 1;
        lengths[usize::from(only == 0)] = 1;
        return;
    }
    let mut sorted = [0_u64; SYMBOLS];
    let sorted = &mut sorted[..used];
    for (place, symbol) in sorted.iter_mut().zip(symbols) {
        *place = u64::from(counts[usize::from(symbol)]) << 16 | u64::from(symbol);
    }
    sorted.sort_unstable();
    let mut weights = [0_u32; SYMBOLS];
    for (weight, place) in weights.iter_mut().zip(&*sorted) {
        *weight = (*place >> 16) as u32;
    }
    let of_length = tree(&mut weights[..used], limit);
    let mut rarest_last = sorted.iter().rev();
    for (length, count) in of_length.iter().enumerate() {
        for place in rarest_last.by_ref().take(usize::from(*count)) {
            lengths[(*place & 0xffff) as usize] = length as u8;
        }
    }
}

/// How many codes there are of each length, for weights that rise: Moffat and Katajainen's way to build a tree in
/// the place of its weights.
fn tree(weights: &mut [u32], limit: usize) -> [u16; 16] {
    let leaves = weights.len();
    let (mut leaf, mut inner) = (0, 0);
    // Each new node joins the two lightest that have no parent, leaves or inner ones, which then know their parent.
    for new in 0..leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf == leaves || inner < new && weights[inner] < weights[leaf] {
                weight += weights[inner];
                weights[inner] = new as u32;
                inner += 1;
            } else {
                weight += weights[leaf];
                leaf += 1;
            }
        }
        weights[new] = weight;
    }
    // From the root down, each inner node turns a leaf of its depth into two that are one deeper; where that were too
    // deep, the next leaf above.
    let mut of_length = [0; 16];
    of_length[1] = 2;
    weights[leaves - 2] = 0;
    for node in (0..leaves - 2).rev() {
        let depth = weights[weights[node] as usize] + 1;
        weights[node] = depth;
        let mut depth = (depth as usize).min(limit - 1);
        while of_length[depth] == 0 {
            depth -= 1;
        }
        of_length[depth] -= 1;
        of_length[depth + 1] += 2;
    }
    of_length
}

/// The codes of these lengths; `extra` says how many extra bits follow a symbol.
pub(super) fn codes<const N: usize>(lengths: &[u8], extra: fn(usize) -> u8) -> [Code; N] {
    let (symbols, used) = chosen(lengths.len(), |symbol| lengths[symbol] != 0);
    let mut next = [0_u16; 17];
    for symbol in &symbols[..used] {
        next[usize::from(lengths[usize::from(*symbol)] & 15) + 1] += 1;
    }
    for length in 1..next.len() {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    let mut codes = [Code::default(); N];
    for symbol in &symbols[..used] {
        let symbol = usize::from(*symbol);
        let count = lengths[symbol];
        let code = &mut next[usize::from(count & 15)];
        codes[symbol] = Code {
            bits: code.reverse_bits() >> (16 - count),
            count,
            whole: count + extra(symbol),
        };
        *code += 1;
    }
    codes
}
