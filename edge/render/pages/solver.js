/**
 * The solver of stronger work, run in a worker of the visitor's browser: squarings one after the other, then searches with Argon2id.
 *
 * In: { kind: 'time', base, modulus, squarings } → { part } now and then, { answer, hashMs } once; hashMs is what one Argon2id hash took.
 * In: { kind: 'memory', seed, searches, bound, kib } → { part } after each find, { answer } once. On trouble: { trouble }.
 * WebAssembly by hash-wasm where it can be compiled, plain JavaScript by @noble/hashes else. What is checked: core/captcha/.
 */
(function () {
  'use strict';
  var kibOfBenchmark = 8192;
  var found = null;

  function bytesOf(hex) {
    var bytes = new Uint8Array(hex.length / 2);
    for (var i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.substr(2 * i, 2), 16);
    return bytes;
  }
  function hexOf(bytes) {
    return Array.prototype.map
      .call(bytes, function (byte) {
        return (byte + 256).toString(16).slice(1);
      })
      .join('');
  }

  function byWasm() {
    importScripts('argon2.js');
    return function (message, salt, kib) {
      return self.hashwasm.argon2id({
        password: message,
        salt: salt,
        iterations: 1,
        parallelism: 1,
        memorySize: kib,
        hashLength: 16,
        outputType: 'binary',
      });
    };
  }
  function byScript() {
    return import('./noble/argon2.js').then(function (noble) {
      return function (message, salt, kib) {
        return Promise.resolve(noble.argon2id(message, salt, { t: 1, m: kib, p: 1, dkLen: 16 }));
      };
    });
  }
  /** A hash that works here: tried once, which also warms it up. */
  function hasher() {
    if (found !== null) return found;
    var trial = new Uint8Array(16);
    found = Promise.resolve()
      .then(function () {
        var hash = byWasm();
        return hash(trial, trial, 8).then(function () {
          return hash;
        });
      })
      .catch(byScript);
    return found;
  }

  function square(job) {
    var modulus = BigInt('0x' + job.modulus);
    var value = BigInt('0x' + job.base) % modulus;
    for (var done = 0; done < job.squarings; done++) {
      value = (value * value) % modulus;
      if (done % 2000 === 1999) self.postMessage({ part: done / job.squarings });
    }
    return hasher().then(function (hash) {
      var trial = new Uint8Array(16);
      var measured;
      return hash(trial, trial, kibOfBenchmark)
        .then(function () {
          measured = performance.now();
          return hash(trial, trial, kibOfBenchmark);
        })
        .then(function () {
          self.postMessage({ answer: value.toString(16), hashMs: Math.round(performance.now() - measured) });
        });
    });
  }

  function search(job) {
    var salt = bytesOf(job.seed);
    var finds = [];
    var before = salt;
    return hasher().then(function (hash) {
      function attempt(counter) {
        var message = new Uint8Array(before.length + 4);
        message.set(before);
        new DataView(message.buffer).setUint32(before.length, counter);
        return hash(message, salt, job.kib).then(function (digest) {
          if (new DataView(digest.buffer, digest.byteOffset).getUint32(0) >= job.bound) return attempt(counter + 1);
          finds.push(counter + ':' + hexOf(digest));
          before = digest.slice();
          self.postMessage({ part: finds.length / job.searches });
          if (finds.length === job.searches) self.postMessage({ answer: finds.join(',') });
          else return attempt(0);
        });
      }
      return attempt(0);
    });
  }

  self.onmessage = function (message) {
    var job = message.data;
    Promise.resolve()
      .then(function () {
        return job.kind === 'time' ? square(job) : search(job);
      })
      .catch(function (error) {
        self.postMessage({ trouble: String(error) });
      });
  };
})();
