package dev.cram.lab.report;

/**
 * A figure of the report.
 *
 * @param id name of its files
 * @param title what it is
 * @param caption how to read it, and where it comes from
 * @param svg the drawing; null for a table, which is shown as it is
 * @param data the numbers behind it
 */
record Figure(String id, String title, String caption, String svg, Table data) {}
