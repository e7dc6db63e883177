// Counts the words of a text of ?size= words that it writes itself: the function words-java, on Node.
"use strict";
const http = require("http");

const MOST = 1000000;
const port = Number(process.env.PORT || 8080);

function count(size) {
  let text = "";
  for (let i = 0; i < size; i++) text += "word" + (((i * i) % 97) % 23) + " ";
  const counts = {};
  for (const word of text.split(" ")) if (word) counts[word] = (counts[word] || 0) + 1;
  return counts;
}

function answer(request, response) {
  const size = /[?]size=(\d+)/.exec(request.url);
  response.end(JSON.stringify(count(size ? Math.min(MOST, Number(size[1])) : 1000)) + "\n");
}

process.on("SIGTERM", () => process.exit(0));
http.createServer(answer).listen(port, () => console.log("words-node: listening on port " + port));
