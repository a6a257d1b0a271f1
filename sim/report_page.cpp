#include "sim/report_page.h"

#include <filesystem>
#include <fstream>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::sim {
namespace {

// Nothing may be fetched or run, whatever a name of an arm says.
constexpr std::string_view kHead = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto;
       max-width: 96rem; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(40rem, 100%), 1fr));
         gap: 1.5rem; }
figure { margin: 0; border: 1px solid #ddd; border-radius: 6px; padding: 1rem; }
figure svg { width: 100%; height: auto; }
figcaption { color: #444; font-size: .9rem; margin-top: .5rem; }
pre { overflow-x: auto; background: #f7f7f7; border-radius: 6px; padding: 1rem; font-size: .85rem; }
@media print { figure { break-inside: avoid; } }
</style>
)";

// JSON inside a page ends where "</" stands, so that is written in JSON's other spelling.
std::string Embedded(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string Data(std::string_view id, const std::string& json) {
  return "<script type=\"application/json\" id=\"" + std::string(id) + "\">\n" + Embedded(json) +
         "\n</script>\n";
}

bool WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

}  // namespace

std::string RenderPage(const Page& page) {
  const std::string title = EscapeMarkup(page.title);
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>" + title + "</title>\n" +
                     std::string(kHead) + "</head>\n<body>\n<h1>" + title + "</h1>\n<p>" +
                     EscapeMarkup(page.introduction) + "</p>\n<div class=\"plots\">\n";
  for (const Plot& plot : page.plots) {
    html += "<figure>\n" + RenderSvg(plot) + "<figcaption>" + EscapeMarkup(plot.caption) +
            "</figcaption>\n</figure>\n";
  }
  html += "</div>\n<h2>Tables</h2>\n<pre>" + EscapeMarkup(page.tables) + "</pre>\n";
  return html + Data("report", page.json) + Data("plots", PlotsJson(page.plots)) +
         "</body>\n</html>\n";
}

std::string PlotsJson(const std::vector<Plot>& plots) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Plot& plot : plots) {
    nlohmann::ordered_json one = {{"title", plot.title}, {"x", plot.x.label}, {"y", plot.y.label}};
    for (const Series& series : plot.series) {
      nlohmann::ordered_json entry = {{"name", series.name}, {"x", series.x}, {"y", series.y}};
      if (!series.low.empty()) entry.update({{"low", series.low}, {"high", series.high}});
      one["series"].push_back(std::move(entry));
    }
    all.push_back(std::move(one));
  }
  return all.dump();
}

std::string WritePage(const std::string& directory, const Page& page) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path folder(directory);
  const bool written = !error && WriteFile(folder / "index.html", RenderPage(page)) &&
                       WriteFile(folder / "report.json", page.json) &&
                       WriteFile(folder / "plots.json", PlotsJson(page.plots));
  return written ? std::string() : "cannot write the report to " + directory;
}

}  // namespace sluice::sim
