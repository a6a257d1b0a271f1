// The database of a store that is closed, to put into it what no store would.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include "store/rocks_layout.h"

namespace sluice::tests {

using store::Family;

class RawDatabase {
 public:
  explicit RawDatabase(const std::string& data) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto name : store::kFamilyNames) {
      families.emplace_back(std::string(name), rocksdb::ColumnFamilyOptions());
    }
    rocksdb::DB* db = nullptr;
    const std::string path = data + "/rocksdb";
    REQUIRE(rocksdb::DB::Open(rocksdb::DBOptions(), path, families, &handles_, &db).ok());
    db_.reset(db);
  }
  ~RawDatabase() {
    for (auto* handle : handles_) (void)db_->DestroyColumnFamilyHandle(handle);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;

  void Put(Family family, const std::string& key, const std::string& value) {
    REQUIRE(db_->Put(rocksdb::WriteOptions(), handle(family), key, value).ok());
  }
  void Delete(Family family, const std::string& key) {
    REQUIRE(db_->Delete(rocksdb::WriteOptions(), handle(family), key).ok());
  }
  bool Has(Family family, const std::string& key) {
    std::string value;
    return db_->Get(rocksdb::ReadOptions(), handle(family), key, &value).ok();
  }
  void AddFamily(const std::string& name) {
    handles_.emplace_back();
    REQUIRE(db_->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), name, &handles_.back()).ok());
  }
  void Compact(Family family) {
    REQUIRE(
        db_->CompactRange(rocksdb::CompactRangeOptions(), handle(family), nullptr, nullptr).ok());
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) {
    return handles_[static_cast<std::size_t>(family)];
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace sluice::tests
