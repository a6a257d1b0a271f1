// One self-contained HTML page: a title, tables as text, plots, and the numbers behind them. It
// fetches nothing and runs no script. Pure functions; equal arguments give equal bytes.
#pragma once

#include <string>
#include <vector>

#include "sim/report_plot.h"

namespace sluice::sim {

struct Page {
  std::string title;
  std::string introduction;  // a sentence or two
  std::vector<Plot> plots;
  std::string tables;  // text in columns
  std::string json;    // behind the tables and plots; stands in the page and beside it
};

std::string RenderPage(const Page& page);

// The plots as JSON: a list of {title, x, y, series: [{name, x, y, low, high}]}.
std::string PlotsJson(const std::vector<Plot>& plots);

// Writes DIR/index.html, DIR/report.json and DIR/plots.json; makes DIR. Empty: done, else why not.
std::string WritePage(const std::string& directory, const Page& page);

}  // namespace sluice::sim
