// What is wrong with a data set, collected while it is read: so many are told, the rest is counted.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "sim/dataset.h"

namespace sluice::sim {

class DatasetProblems {
 public:
  explicit DatasetProblems(std::string file) : file_(std::move(file)) {}

  // `line` is 0 when it is about none.
  void Add(int line, const std::string& field, const std::string& text) {
    if (problems_.size() < kProblemsMax) {
      problems_.push_back({file_, line, field, text});
    } else {
      ++left_out_;
    }
  }
  bool empty() const { return problems_.empty(); }

  std::vector<config::Problem> All() && {
    if (left_out_ > 0) {
      problems_.push_back({file_, 0, "", "and " + std::to_string(left_out_) + " more"});
    }
    return std::move(problems_);
  }

 private:
  std::string file_;
  std::vector<config::Problem> problems_;
  std::size_t left_out_ = 0;
};

}  // namespace sluice::sim
