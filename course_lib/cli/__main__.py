from course_lib.cli.main import main

main(prog_name="course")
