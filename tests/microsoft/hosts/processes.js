// Asks the module of @vscode/windows-process-tree for wrong things, so that it throws (C++
// exceptions of Microsoft's run-time library, caught in another function of the module), and for
// the processes of the machine. Requests and answers are as in host.h.
'use strict';
const fs = require('fs');
const native = require(process.argv[2]);

const wrong = [
  () => native.getProcessList(),
  () => native.getProcessList(() => 0, 'no number'),
  () => native.getProcessList({}, 1),
  () => native.getProcessCpuUsage([]),
  () => native.getProcessCpuUsage({}, () => 0),
  () => native.getProcessCpuUsage([], 'no function'),
];

function thrown() {
  let text = '';
  for (let i = 0; i < 400; i++) {
    try {
      wrong[i % wrong.length]();
      text += 'nothing thrown';
    } catch (error) {
      text += `${error.name}: ${error.message}\n`;
    }
  }
  return text;
}

function round(then) {
  const text = thrown();
  native.getProcessList((list) => {
    const here = list.some((one) => one.pid === process.pid && /node/i.test(one.name));
    then(require('crypto').createHash('sha256').update(text + here).digest('hex').slice(0, 16));
  }, 3);
}

function busy() {
  let all = 0;
  let bad = 0;
  const next = () => round((digest) => {
    all += 1;
    bad += digest === expected ? 0 : 1;
    all < 4 ? next() : say(`${all} rounds, ${bad} wrong`);
  });
  next();
}

function say(line) {
  fs.writeSync(1, `${line}\n`);
  setImmediate(listen);
}

// One line of standard input, byte by byte.
function listen() {
  let line = '';
  const byte = Buffer.alloc(1);
  for (;;) {
    let read = 0;
    try {
      read = fs.readSync(0, byte, 0, 1);
    } catch (error) {
      if (error.code !== 'EOF') throw error;
    }
    if (read === 0) return process.exit(0);
    if (byte[0] === 10) break;
    line += String.fromCharCode(byte[0]);
  }
  ({ round: () => round(say), busy })[line.trim()]();
}

let expected;
round((digest) => {
  expected = digest;
  say('ready');
});
