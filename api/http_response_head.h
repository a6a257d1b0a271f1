// The head of an HTTP/1.1 answer as bytes. Private to the server files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http_server.h"

namespace sluice::api {

enum class Persistence { kKeep, kKeepOld, kClose };  // kKeepOld: an HTTP/1.0 client asked for it

// What goes before the response's body. Characters in header values that could end a line are
// replaced, so that no value can forge another header.
void WriteHead(const HttpResponse& response, std::string_view date, Persistence persistence,
               std::string& out);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string FormatDate(std::int64_t unix_s);

}  // namespace sluice::api
