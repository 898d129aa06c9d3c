//! Papers that are handed on: sales reports.

use crate::support::Folder;
use serde_json::json;

/// A financial report of one sale, made up. `{}` is the sum of its money.
fn report(sum: &str) -> String {
    let head = "HEAD\tdsrf/1.3/1.4.1/1.2\tFinancialReportingToRecordCompaniesProfileSRB\t1.0\tm1\t\
                2026-11-01T09:30:00Z\t1\t1\t2026-10-01\t2026-10-31\tPADPIDA2013020802I\tA Service\t\
                Ledgerline\tPADPIDA20070627029\tA Licensor\t";
    let summary = format!(
        "SY10\t1\t\t\tSubscriptionModel\tOnDemandStream\t2026-10-01\t2026-10-31\tpremium\t\t\t\tDE\t\
         Ledgerline\t\t\t10\t10\t0\t100\tEUR\tEUR\t1\t\t2026-11-01T00:00:00Z\t\t\t\t\t\t0\t0\t9\t9\t\
         {sum}\t{sum}\t{sum}\t{sum}\t\t\t0\t\t\t\t{sum}\t{sum}"
    );
    let sale = "SR08\t1\t\t\ttrk_1\t\t\t\t\t\t\t\t\tSEABC2600001\t\ttrk_1\t\t\t\tSoundRecording\tSong\t\t\
                Artist\t\t1\t2026-10\t10\t0\t10\t\t\t\t\t\t\t\t\t\t\t\t100\t0.1\t0.1\t1.000001\t1.000001\t\
                1.000001\t1.000001\ttrue";
    format!("{head}\n{summary}\n{sale}\nSRFO\t4\t1\n")
}

#[test]
fn a_sales_report_is_checked_by_the_command() {
    let folder = Folder::new();
    let name =
        "DSR_PADPIDA20070627029_PADPIDA2013020802I_Ledgerline_2026-10_DE_1of1_20261101T093000.tsv";
    let path = folder.write(name, report("1.000001"));
    let said = folder.run(&["royalty", "dsr", "check", &path]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(said.out.contains("good (4 records, 1 summaries, 1 blocks)"), "{}", said.all());
    // A millionth more than its sales add up to.
    let path = folder.write(name, report("1.000002"));
    let said = folder.run(&["royalty", "dsr", "check", &path, "--json"]);
    assert_eq!(said.code, 1, "{}", said.all());
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let first = &answer["files"][0]["findings"][0];
    assert_eq!(
        (&first["line"], &first["cell"]),
        (&json!(2), &json!("AllocatedRevenueInCurrencyOfTransaction"))
    );
    assert_eq!(folder.run(&["royalty", "dsr", "check", "nowhere.tsv"]).code, 3);
    assert_eq!(folder.run(&["royalty", "dsr", "check"]).code, 2);
}
