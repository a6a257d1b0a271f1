// Data sets of recorded outcomes: JSON lines, UTF-8, as here; or one of the comma-separated layouts
// of dataset_csv.h.
//
//   {"meta": {"name": "mine", "arms": ["small", "large"],
//             "list_price_usd_per_m_in_out": {"small": [0.1, 0.1], "large": [1.25, 10]}}}
//   {"prompt": "What is 7 * 6?", "r": [0.4, 1], "c": [0.00003, 0.0021]}
//
// The first line may be missing, and everything in it: arms are then called "1", "2", ... Rows have
// a reward in [0, 1] and a cost in USD for every arm, in the order of the arms ("arms_k3" is read
// when "arms" is missing). "embedding": [...] may stand beside or instead of "prompt". Blank lines
// and fields of other names are passed over.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "sim/environment.h"

namespace sluice::sim {

inline constexpr std::size_t kRowsMax = 2'000'000;
inline constexpr std::size_t kProblemsMax = 20;  // reported; the rest is counted in one line

// Problems name the line and say what would be right. A prompt is cut to what a router reads of it
// (api::kQueryBytesRead, at a character's end). `name` is the data set's when its meta has none.
config::Checked<Environment> ReadDataset(std::istream& in, const std::string& name);

// What a model asks for, per million tokens.
struct ListPrice {
  std::string model;
  double input_usd = 0;
  double output_usd = 0;
};

// "MODEL=IN/OUT".
std::optional<ListPrice> ParseListPrice(const std::string& text);

// A file that ends in .csv is comma-separated; `prices` are for one that tells no costs. The file's
// name without folder and extension stands for a missing name.
config::Checked<Environment> LoadDataset(const std::string& path,
                                         const std::vector<ListPrice>& prices = {});

// A text is cut to what a router reads of it, at a character's end.
void CutToWhatIsRead(std::string& text);

}  // namespace sluice::sim
