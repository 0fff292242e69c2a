/**
 * The solver, run in a worker of the visitor's browser: finds a counter whose SHA-256 with the token is below the target.
 *
 * SHA-256 in plain JavaScript: crypto.subtle is asynchronous per hash (slower here) and absent on http:// pages.
 * In: { token, target, from, step }. Out: { tried } now and then, { counter } once.
 */
(function () {
  'use strict';

  var constants = (function () {
    var found = new Int32Array(64);
    var fraction = function (x) {
      return ((x - Math.floor(x)) * 4294967296) | 0;
    };
    for (var n = 0, candidate = 2; n < 64; candidate++) {
      var prime = true;
      for (var divisor = 2; divisor * divisor <= candidate; divisor++) {
        if (candidate % divisor === 0) {
          prime = false;
          break;
        }
      }
      if (prime) found[n++] = fraction(Math.pow(candidate, 1 / 3));
    }
    return found;
  })();
  var initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  var schedule = new Int32Array(64);

  function compress(state, block) {
    var i, x, y, s, t;
    var a = state[0],
      b = state[1],
      c = state[2],
      d = state[3],
      e = state[4],
      f = state[5],
      g = state[6],
      h = state[7];
    for (i = 0; i < 16; i++) schedule[i] = block[i];
    for (; i < 64; i++) {
      x = schedule[i - 15];
      y = schedule[i - 2];
      s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      schedule[i] = (schedule[i - 16] + schedule[i - 7] + s + t) | 0;
    }
    for (i = 0; i < 64; i++) {
      s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      s = (h + s + ((e & f) ^ (~e & g)) + constants[i] + schedule[i]) | 0;
      t = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      t = (t + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + s) | 0;
      d = c;
      c = b;
      b = a;
      a = (s + t) | 0;
    }
    state[0] = (state[0] + a) | 0;
    state[1] = (state[1] + b) | 0;
    state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0;
    state[4] = (state[4] + e) | 0;
    state[5] = (state[5] + f) | 0;
    state[6] = (state[6] + g) | 0;
    state[7] = (state[7] + h) | 0;
  }

  /** Tries `limit` counters from `from` in steps of `step`; the counter that fits, or -1. */
  function solve(token, target, from, step, limit) {
    var prefix = token + '|';
    var whole = prefix.length - (prefix.length % 64);
    var rest = prefix.slice(whole);
    var base = new Int32Array(initial);
    var block = new Int32Array(16);
    var state = new Int32Array(8);
    var i, at, length, blocks, text;
    for (at = 0; at < whole; at += 64) {
      for (i = 0; i < 16; i++) {
        length = at + i * 4;
        block[i] =
          (prefix.charCodeAt(length) << 24) |
          (prefix.charCodeAt(length + 1) << 16) |
          (prefix.charCodeAt(length + 2) << 8) |
          prefix.charCodeAt(length + 3);
      }
      compress(base, block);
    }
    for (var counter = from, n = 0; n < limit; counter += step, n++) {
      text = rest + counter;
      length = text.length;
      blocks = length < 56 ? 1 : 2;
      state.set(base);
      for (at = 0; at < blocks; at++) {
        block.fill(0);
        for (i = at * 64; i < Math.min(length, at * 64 + 64); i++)
          block[(i & 63) >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
        if (length >= at * 64 && length < at * 64 + 64) block[(length & 63) >> 2] |= 0x80 << (24 - 8 * (length & 3));
        if (at === blocks - 1) block[15] = (whole + length) * 8;
        compress(state, block);
      }
      if ((state[0] >>> 0) * 65536 + (state[1] >>> 16) < target) return counter;
    }
    return -1;
  }

  self.solve = solve;
  self.onmessage = function (message) {
    var job = message.data;
    var chunk = 20000;
    for (var from = job.from; ; from += chunk * job.step) {
      var counter = solve(job.token, job.target, from, job.step, chunk);
      if (counter >= 0) {
        self.postMessage({ counter: counter });
        return;
      }
      self.postMessage({ tried: chunk });
    }
  };
})();
