#include "sim/csv.h"

#include <string_view>

namespace sluice::sim {
namespace {

constexpr int kEof = std::char_traits<char>::eof();

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_(in) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (in_.peek() != 0xEF) return;
  for (std::size_t i = 0; i < kByteOrderMark.size(); ++i) in_.get();
}

bool CsvReader::Next(std::vector<std::string>& record) {
  record.clear();
  if (!problem_.empty()) return false;
  while (in_.peek() == '\n' || in_.peek() == '\r') Take();
  line_ = lines_;
  bytes_ = 0;
  if (in_.peek() == kEof) return false;
  End end = End::kField;
  while (end == End::kField) {
    if (record.size() == kCsvFieldsMax) {
      end = Wrong("has more than " + std::to_string(kCsvFieldsMax) + " fields");
      break;
    }
    std::string& field = record.emplace_back();
    const bool quoted = in_.peek() == '"';
    end = quoted ? Quoted(field) : Plain(field);
  }
  return end == End::kRecord;
}

CsvReader::End CsvReader::Quoted(std::string& field) {
  Take();
  for (;;) {
    const int byte = Take();
    if (byte == kEof) return Wrong("opens a quote that nothing closes");
    if (byte != '"') {
      if (!Keep(byte, field)) return Wrong("is too long");
    } else if (in_.peek() == '"') {
      if (!Keep(Take(), field)) return Wrong("is too long");
    } else {
      const End end = AfterField(Take());
      return end == End::kProblem ? Wrong("goes on after a quote that closes its field") : end;
    }
  }
}

CsvReader::End CsvReader::Plain(std::string& field) {
  for (;;) {
    const int byte = Take();
    const End end = AfterField(byte);
    if (end != End::kProblem) return end;
    if (byte == '"') return Wrong("has a quote inside a field that does not begin with one");
    if (!Keep(byte, field)) return Wrong("is too long");
  }
}

// kProblem: this byte ends no field.
CsvReader::End CsvReader::AfterField(int byte) {
  if (byte == ',') return End::kField;
  if (byte == '\n' || byte == kEof) return End::kRecord;
  if (byte != '\r' || in_.peek() != '\n') return End::kProblem;
  Take();
  return End::kRecord;
}

CsvReader::End CsvReader::Wrong(const std::string& text) {
  problem_ = text;
  return End::kProblem;
}

int CsvReader::Take() {
  const int byte = in_.get();
  if (byte == '\n') ++lines_;
  return byte;
}

bool CsvReader::Keep(int byte, std::string& field) {
  field.push_back(static_cast<char>(byte));
  return ++bytes_ <= kCsvRecordBytesMax;
}

}  // namespace sluice::sim
