// Records of comma-separated values (RFC 4180): fields in quotes may hold commas, line breaks and
// quotes written twice; lines end in LF or CRLF; a mark of byte order at the start is passed over.
// One thread at a time.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace sluice::sim {

inline constexpr std::size_t kCsvRecordBytesMax = 8 * 1024 * 1024;
inline constexpr std::size_t kCsvFieldsMax = 4096;

class CsvReader {
 public:
  // The stream outlives the reader.
  explicit CsvReader(std::istream& in);

  // False at the end of the stream, or when what follows is no record: then problem() says why, and
  // nothing after it can be told apart. Blank lines are passed over.
  bool Next(std::vector<std::string>& record);
  const std::string& problem() const { return problem_; }  // empty: none
  // On which the last record, or what is wrong, begins; from 1.
  int line() const { return line_; }

 private:
  // What ended a field.
  enum class End { kField, kRecord, kProblem };

  End Quoted(std::string& field);
  End Plain(std::string& field);
  End AfterField(int byte);
  End Wrong(const std::string& text);
  int Take();
  bool Keep(int byte, std::string& field);

  std::istream& in_;
  std::string problem_;
  int line_ = 1;
  int lines_ = 1;          // that were begun
  std::size_t bytes_ = 0;  // of the record so far
};

}  // namespace sluice::sim
